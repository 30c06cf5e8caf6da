package dev.penstock.kafka;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.apache.kafka.common.message.SaslHandshakeRequestData;
import org.apache.kafka.common.message.SaslHandshakeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * Asks a broker's port what it wants from a client. Kafka's own clients cannot tell: a broker that expects TLS or a login hangs up without a
 * word. A request for a login by a mechanism that does not exist is answered on every listener, with the mechanisms that do. No credential
 * is sent.
 */
final class BrokerDoor {
    private static final int TIMEOUT_MILLIS = 2000;
    private static final short VERSION = 1;
    private static final int MAX_ANSWER_BYTES = 64 * 1024;

    private final InetSocketAddress address;

    private BrokerDoor(InetSocketAddress address) {
        this.address = address;
    }

    /** What a broker's port wants, beside Kafka's protocol in the clear. */
    sealed interface Wants {
        /** It speaks TLS alone. */
        record Tls() implements Wants {}

        /** @param mechanisms of SASL, separated by commas */
        record Login(String mechanisms) implements Wants {}
    }

    /** @param broker {@code host:port} */
    static BrokerDoor at(String broker) {
        int colon = broker.lastIndexOf(':');
        return new BrokerDoor(
                new InetSocketAddress(broker.substring(0, colon), Integer.parseInt(broker.substring(colon + 1))));
    }

    /** Whether the name has an address. */
    boolean isKnown() {
        return !address.isUnresolved();
    }

    /** Empty when it wants nothing else, or does not answer. Blocks for seconds at most. */
    Optional<Wants> ask(boolean byTls) {
        try {
            return (byTls ? mechanismsByTls() : mechanisms()).map(Wants.Login::new);
        } catch (IOException hungUp) {
            return !byTls && speaksTls() ? Optional.of(new Wants.Tls()) : Optional.empty();
        }
    }

    private boolean speaksTls() {
        try (Socket plain = connect();
                SSLSocket socket = tls(plain)) {
            socket.startHandshake();
            return true;
        } catch (IOException no) {
            return false;
        }
    }

    private Optional<String> mechanisms() throws IOException {
        try (Socket socket = connect()) {
            return mechanisms(socket);
        }
    }

    private Optional<String> mechanismsByTls() throws IOException {
        try (Socket plain = connect();
                Socket socket = tls(plain)) {
            return mechanisms(socket);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(address, TIMEOUT_MILLIS);
        return socket;
    }

    /** Trusts every certificate: nothing is sent that a stranger could use, and the client's own TLS has already judged it. */
    private SSLSocket tls(Socket plain) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Anybody()}, null);
            return (SSLSocket)
                    context.getSocketFactory().createSocket(plain, address.getHostString(), address.getPort(), true);
        } catch (GeneralSecurityException broken) {
            throw new IOException(broken);
        }
    }

    /** Empty when the listener knows no login. */
    private static Optional<String> mechanisms(Socket socket) throws IOException {
        SaslHandshakeRequestData request = new SaslHandshakeRequestData().setMechanism("NONE");
        RequestHeader header = new RequestHeader(ApiKeys.SASL_HANDSHAKE, VERSION, "penstock", 1);
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header.data(), header.headerVersion())
                .buffer();
        ByteBuffer body = MessageUtil.toByteBufferAccessor(request, VERSION).buffer();
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeInt(head.remaining() + body.remaining());
        out.write(head.array(), head.arrayOffset() + head.position(), head.remaining());
        out.write(body.array(), body.arrayOffset() + body.position(), body.remaining());
        out.flush();

        DataInputStream in = new DataInputStream(socket.getInputStream());
        int bytes = in.readInt();
        if (bytes < Integer.BYTES || bytes > MAX_ANSWER_BYTES) {
            throw new IOException("no answer of a Kafka broker");
        }
        byte[] answer = new byte[bytes];
        in.readFully(answer);
        ByteBuffer buffer = ByteBuffer.wrap(answer);
        ResponseHeader.parse(buffer, ApiKeys.SASL_HANDSHAKE.responseHeaderVersion(VERSION));
        SaslHandshakeResponseData response =
                new SaslHandshakeResponseData(new ByteBufferAccessor(buffer), VERSION);
        return response.errorCode() == Errors.UNSUPPORTED_SASL_MECHANISM.code()
                ? Optional.of(String.join(", ", response.mechanisms()))
                : Optional.empty();
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
