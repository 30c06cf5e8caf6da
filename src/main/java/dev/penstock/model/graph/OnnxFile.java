package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A memory-mapped model file. It is hashed, checked and passed to ONNX Runtime without a copy on the heap. */
public record OnnxFile(ByteBuffer bytes) {

    /** The largest size of a buffer and of a protobuf message. */
    public static final long MAX_BYTES = Integer.MAX_VALUE;

    /**
     * @throws ModelRefusedException if the file is missing or has more than {@code limitBytes} bytes
     * @throws IOException if the file cannot be read
     */
    public static OnnxFile map(Path path, long limitBytes) throws ModelRefusedException, IOException {
        if (!Files.isRegularFile(path)) {
            throw new ModelRefusedException(path.getFileName() + " is missing");
        }
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            if (size > limitBytes) {
                throw new ModelRefusedException(
                        path.getFileName() + " must have at most " + limitBytes + " bytes, has " + size);
            }
            return new OnnxFile(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
        }
    }

    /** The SHA-256 of the file as 64 lower-case hex digits. */
    public String sha256() {
        return Sha256.hex(bytes);
    }

    /** @throws ModelRefusedException if the file is not an ONNX model */
    public ModelProto parse() throws ModelRefusedException, IOException {
        CodedInputStream input =
                UnsafeByteOperations.unsafeWrap(bytes.duplicate()).newCodedInput();
        input.enableAliasing(true);
        try {
            return ModelProto.parseFrom(input);
        } catch (InvalidProtocolBufferException e) {
            throw new ModelRefusedException("model.onnx is not an ONNX file: " + e.getMessage(), e);
        }
    }
}
