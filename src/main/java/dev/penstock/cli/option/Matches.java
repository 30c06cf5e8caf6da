package dev.penstock.cli.option;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The form of an option's value. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Matches {
    /** A regular expression for the whole value. */
    String regex();

    /** The form in words, as in {@code http://HOST:PORT}. */
    String form();
}
