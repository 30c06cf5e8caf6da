package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStackTest {

    @Test
    void runsTwoStacksSideBySide() throws Exception {
        try (LocalStack one = LocalStack.start();
                LocalStack other = LocalStack.start()) {
            EmbeddedRedisTest.command(URI.create(one.redisUrl()).getPort(), "SET here only");

            assertThat(EmbeddedRedisTest.command(URI.create(other.redisUrl()).getPort(), "GET here"))
                    .isEqualTo("$-1");
            assertThat(topics(one)).containsExactly(LocalStack.DEMO_REPLIES);
            assertThat(topics(other)).containsExactly(LocalStack.DEMO_REPLIES);
        }
    }

    @Test
    void restartsWithTheSameDataDirectory(@TempDir Path dataDir) throws Exception {
        LocalStack.Parts kept =
                new LocalStack.Parts(OptionalInt.of(Ports.ANY), OptionalInt.of(Ports.ANY), Optional.of(dataDir));
        LocalStack.start(kept).close();

        try (LocalStack again = LocalStack.start(kept)) {
            assertThat(topics(again)).containsExactly(LocalStack.DEMO_REPLIES);
        }
    }

    private static Set<String> topics(LocalStack stack) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            return admin.listTopics().names().get();
        }
    }
}
