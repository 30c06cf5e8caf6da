package dev.penstock.service;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.local.Certificates;
import dev.penstock.samples.DigitsTable;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelStreamInferResponse;
import inference.GrpcService.ServerLiveRequest;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.util.Base64;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service with a certificate, as docs/security.md says: REST and gRPC on the port of HTTPS, and no other port. */
@WholeService
@TestProfile(TlsTest.WithACertificate.class)
class TlsTest {
    private static final String FILES = "quarkus.http.ssl.certificate.files";
    private static final DigitsTable.Row ROW = DigitsTable.load().heldOut().getFirst();

    private URI https;

    /** The service's certificate and key, too, in another form. */
    private Path store;

    private Service service;

    @BeforeEach
    void awaitTheModel() throws Exception {
        https = URI.create(
                "https://localhost:" + ConfigProvider.getConfig().getValue("quarkus.http.test-ssl-port", int.class));
        store = WithACertificate.storeBeside(ConfigProvider.getConfig().getValue(FILES, Path.class));
        service = Service.overTls(https, Certificates.context(store)).awaitModel("digits");
    }

    @Test
    void answersOverRest() {
        assertThat(service.post("/v2/models/digits/infer", Digits.request(ROW)).status())
                .isEqualTo(200);
    }

    @Test
    void answersOverGrpc() throws Exception {
        try (Grpc grpc = Grpc.overTls(https, store)) {
            ModelInferResponse answer = grpc.stub().modelInfer(GrpcRequests.digits(ROW));

            assertThat(answer.getRawOutputContents(0)
                            .asReadOnlyByteBuffer()
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong())
                    .isEqualTo(ROW.digit());
        }
    }

    @Test
    void answersAStreamOverGrpc() throws Exception {
        Queue<String> answered = new ConcurrentLinkedQueue<>();
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        try (Grpc grpc = Grpc.overTls(https, store)) {
            StreamObserver<ModelInferRequest> requests = GRPCInferenceServiceGrpc.newStub(grpc.channel())
                    .modelStreamInfer(new StreamObserver<ModelStreamInferResponse>() {
                        @Override
                        public void onNext(ModelStreamInferResponse answer) {
                            answered.add(answer.getInferResponse().getId());
                        }

                        @Override
                        public void onError(Throwable failure) {
                            ended.completeExceptionally(failure);
                        }

                        @Override
                        public void onCompleted() {
                            ended.complete(true);
                        }
                    });
            requests.onNext(GrpcRequests.digits(ROW).toBuilder().setId("a").build());
            requests.onNext(GrpcRequests.digits(ROW).toBuilder().setId("b").build());
            requests.onCompleted();

            assertThat(ended.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        }
        assertThat(answered).containsExactlyInAnyOrder("a", "b");
    }

    /** Otherwise a key would go to whoever has the port. */
    @Test
    void aClientThatDoesNotTrustItMakesNoCallOverGrpc(@TempDir Path folder) throws Exception {
        Path another = Certificates.make(folder.resolve("another.p12"), "localhost");
        try (Grpc grpc = Grpc.overTls(https, another)) {
            assertThatThrownBy(() -> grpc.stub().serverLive(ServerLiveRequest.getDefaultInstance()))
                    .satisfies(failure ->
                            assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.UNAVAILABLE))
                    .hasStackTraceContaining(CertificateException.class.getPackageName());
        }
    }

    /** What docs/security.md says to set. */
    public static final class WithACertificate implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            try {
                Path certificate =
                        Files.createTempDirectory("penstock-certificate").resolve("tls.crt");
                Path store = Certificates.make(storeBeside(certificate), "localhost");
                Files.writeString(
                        certificate,
                        pem("CERTIFICATE", Certificates.certificate(store).getEncoded()));
                Path key = Files.writeString(
                        certificate.resolveSibling("tls.key"),
                        pem("PRIVATE KEY", Certificates.key(store).getEncoded()));
                return Map.of(
                        "penstock.worker.serve",
                        "digits",
                        "quarkus.http.test-ssl-port",
                        "0",
                        FILES,
                        certificate.toString(),
                        "quarkus.http.ssl.certificate.key-files",
                        key.toString(),
                        "quarkus.http.insecure-requests",
                        "disabled");
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            } catch (GeneralSecurityException | InterruptedException broken) {
                throw new IllegalStateException(broken);
            }
        }

        static Path storeBeside(Path certificate) {
            return certificate.resolveSibling("tls.p12");
        }

        private static String pem(String what, byte[] content) {
            return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                    .formatted(
                            what,
                            Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(content),
                            what);
        }
    }
}
