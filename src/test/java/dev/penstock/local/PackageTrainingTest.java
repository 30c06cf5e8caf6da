package dev.penstock.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code penstock train}, with a program that takes the place of the service. */
class PackageTrainingTest {
    private static final int OLDEST_JDK_THAT_TRAINS = 25;
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    @TempDir
    Path folder;

    /** Is ready if the broker is there and both roles are asked for, and ends by a signal, as the service does. */
    static final class Stand {
        private Stand() {}

        public static void main(String... arguments) throws IOException {
            String[] broker = env("PENSTOCK_KAFKA_BOOTSTRAP_SERVERS").split(":", 2);
            new Socket(broker[0], Integer.parseInt(broker[1])).close();
            boolean isWhole = env("PENSTOCK_ROLES").equals("ingress,worker");
            HttpServer server = HttpServer.create(
                    new InetSocketAddress(
                            InetAddress.getLoopbackAddress(), Integer.parseInt(env("QUARKUS_MANAGEMENT_PORT"))),
                    0);
            server.createContext("/q/health/ready", call -> {
                call.sendResponseHeaders(isWhole ? 200 : 503, 2);
                try (OutputStream body = call.getResponseBody()) {
                    body.write("{}".getBytes(UTF_8));
                }
            });
            server.start();
        }

        private static String env(String name) {
            return Objects.requireNonNull(System.getenv(name));
        }
    }

    @Test
    void leavesWhatAnotherStartCanUse() throws Exception {
        assumeThat(Runtime.version().feature()).isGreaterThanOrEqualTo(OLDEST_JDK_THAT_TRAINS);
        Path file = folder.resolve("learnt.aot");
        List<String> command = List.of(JAVA, "-cp", jar().toString(), Stand.class.getName());

        new PackageTraining(file, command).run();

        Process later = new ProcessBuilder(
                        JAVA, "-XX:AOTCache=" + file, "-XX:AOTMode=on", "-cp", jar().toString(), "-version")
                .redirectErrorStream(true)
                .start();
        String said = new String(later.getInputStream().readAllBytes(), UTF_8);
        assertThat(later.waitFor()).as(said).isZero();
    }

    @Test
    void saysWhenTheServiceEndsBeforeItIsWarm() {
        PackageTraining training = new PackageTraining(folder.resolve("learnt.aot"), List.of(JAVA, "--no-such-option"));

        assertThatExceptionOfType(CannotStartException.class)
                .isThrownBy(training::run)
                .withMessage("the service ended with status 1 before it was warm; see above");
    }

    @Test
    void saysWhichProgramIsNotThere() {
        PackageTraining training = new PackageTraining(folder.resolve("learnt.aot"), List.of("no-such-java"));

        assertThatExceptionOfType(CannotStartException.class)
                .isThrownBy(training::run)
                .withMessageStartingWith("cannot start no-such-java: ");
    }

    /** The JVM keeps nothing of classes in a folder. */
    private Path jar() throws IOException {
        Path jar = folder.resolve("stand.jar");
        if (!Files.exists(jar)) {
            String name = Stand.class.getName().replace('.', '/') + ".class";
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                    InputStream bytes = Objects.requireNonNull(getClass().getResourceAsStream("/" + name))) {
                out.putNextEntry(new ZipEntry(name));
                bytes.transferTo(out);
            }
        }
        return jar;
    }
}
