package dev.penstock.service;

import dev.penstock.Patience;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Marks a test against the running service. All such tests share one service, and so one JVM (pom.xml). */
@QuarkusTest
// Quarkus loads these classes, and their libraries, apart from those of other tests.
@ExtendWith(Patience.class)
@QuarkusTestResource(ServiceStack.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface WholeService {}
