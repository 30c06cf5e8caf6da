package dev.penstock.ingress.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyTypesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/octet-stream",
                "application/x-www-form-urlencoded", // of curl
                "text/plain; charset=UTF-8", // of Node's fetch with a string
                "text/plain", // of ab
                "text/html", // of hey
                "application/vnd.acme+json",
                "x",
                ""
            })
    void takesWhatMayBeJson(String type) {
        assertThat(BodyTypes.isOfAnother(type)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/xml",
                "Application/XML ; charset=utf-8",
                "application/soap+xml",
                "multipart/form-data; boundary=x",
                "image/png",
                "application/x-protobuf",
                "application/grpc+proto",
                "application/cloudevents+json"
            })
    void refusesWhatIsKnownToBeSomethingElse(String type) {
        assertThat(BodyTypes.isOfAnother(type)).isTrue();
    }
}
