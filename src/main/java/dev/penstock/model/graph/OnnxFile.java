package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.penstock.model.ModelRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A model file, mapped into memory: weights are hashed, checked and handed to the runtime without a copy on the heap. */
public record OnnxFile(ByteBuffer bytes) {

    /** What a buffer, and a protobuf message, can hold. */
    public static final long MOST_BYTES = Integer.MAX_VALUE;

    public static OnnxFile map(Path path, long limitBytes) throws ModelRefusedException, IOException {
        if (!Files.isRegularFile(path)) {
            throw new ModelRefusedException(path.getFileName() + " is missing");
        }
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            if (size > limitBytes) {
                throw new ModelRefusedException(
                        path.getFileName() + " has " + size + " bytes; the limit is " + limitBytes);
            }
            return new OnnxFile(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
        }
    }

    public String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes.duplicate());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

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
