package dev.penstock.ingress.submit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RequestId;
import dev.penstock.tenants.Tenant;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RequestRecordTest {
    @Test
    void saysThatAnEdgeMakesTheCall() {
        assertThat(hops(true)).contains("1");
        assertThat(hops(false)).isEmpty();
    }

    private static Optional<String> hops(boolean isFromEdge) {
        CheckedCall checked = CheckedCalls.of(Tenant.anonymous(Optional.empty()), 1);
        Call call = checked.call();
        Call made = new Call(
                call.tenant(),
                call.model(),
                call.version(),
                call.payload(),
                call.timeout(),
                call.lane(),
                isFromEdge,
                call.trace(),
                call.lag());
        CheckedCall of = new CheckedCall(
                made, checked.version(), checked.rows(), checked.lane(), checked.timeout(), checked.waited(), 0);
        RequestId id = new RequestIdIssuer("a key that only the tests know".getBytes(UTF_8), System::currentTimeMillis)
                .issueToCaller(call.tenant(), checked.timeout());
        return RecordHeaders.text(
                RequestRecord.repliedTo(0, of, id, OptionalInt.empty()).headers(), RecordHeaders.HOPS);
    }
}
