package dev.penstock.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InferAddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"/v2/models/m/infer", "/v2/models/m/infer/", "/v2/models/%6d/infer"})
    void namesAModel(String path) {
        assertThat(InferAddress.of(path)).contains(new InferAddress("m", Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/models/m/versions/2/infer",
                "/v2/models/m/versions/2/infer/",
                "/v2/models/m/versions/%32/infer"
            })
    void namesAVersion(String path) {
        assertThat(InferAddress.of(path)).contains(new InferAddress("m", Optional.of("2")));
    }

    @Test
    void decodesWhatIsNoAddress() {
        assertThat(InferAddress.of("/v2/models/a%20%2Fb/infer")).contains(new InferAddress("a /b", Optional.empty()));
    }

    @Test
    void leavesABrokenEscapeAsItIs() {
        assertThat(InferAddress.of("/v2/models/%zz/infer")).contains(new InferAddress("%zz", Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/v2/models/infer",
                "/v2/models//infer",
                "/v2/models/m",
                "/v2/models/m/inferno",
                "/v2/models/m/x/infer",
                "/v2/models/m/infer/x",
                "/v2/models/m/infer//",
                "/v2/models/m/versions/infer",
                "/v2/models/m/versions//infer",
                "/v2/models//versions/2/infer",
                "/v2/models/m/versions/2/x/infer",
                "/v3/models/m/infer",
                "/v2/models/m/versions/2/stats"
            })
    void isNoOtherAddress(String path) {
        assertThat(InferAddress.of(path)).isEmpty();
    }
}
