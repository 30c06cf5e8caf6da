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
 * Asks a broker's port what it speaks. Kafka's own clients cannot tell: a broker that expects TLS or a login hangs up without a word. A request for a login by a mechanism that does not exist is answered on every listener, with the mechanisms that do. No credential
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

    /**
     * What a broker's port speaks.
     *
     * @param mechanisms of the login that it wants, separated by commas; empty when it wants none
     */
    record Listener(boolean isTls, Optional<String> mechanisms) {
        /** As {@code security.protocol} names it. */
        String protocol() {
            String transport = isTls ? "SSL" : "PLAINTEXT";
            return mechanisms.isPresent() ? "SASL_" + transport : transport;
        }
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

    /** Empty when it does not answer as a broker does. Blocks for seconds at most. */
    Optional<Listener> ask() {
        return inTheClear().or(this::byTls);
    }

    private Optional<Listener> inTheClear() {
        try (Socket socket = connect()) {
            return Optional.of(new Listener(false, mechanisms(socket)));
        } catch (IOException no) {
            return Optional.empty();
        }
    }

    private Optional<Listener> byTls() {
        try (Socket plain = connect();
                Socket socket = tls(plain)) {
            return Optional.of(new Listener(true, mechanisms(socket)));
        } catch (IOException no) {
            return Optional.empty();
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
        SaslHandshakeResponseData response = new SaslHandshakeResponseData(new ByteBufferAccessor(buffer), VERSION);
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
