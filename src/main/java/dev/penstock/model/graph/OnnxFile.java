package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The content of a model's file in native memory. It is hashed, checked and passed to ONNX Runtime as these bytes, whatever happens to
 * the file meanwhile. A mapped file would end the process when somebody shortens it.
 */
public record OnnxFile(ByteBuffer bytes) {

    /** The largest size of a buffer and of a protobuf message. */
    public static final long MAX_BYTES = Integer.MAX_VALUE;

    /**
     * @throws ModelRefusedException if the file is missing, has more than {@code limitBytes} bytes, changes while it is read, or is
     *     clearly no model
     * @throws IOException if the file cannot be read
     */
    public static OnnxFile read(Path path, long limitBytes) throws ModelRefusedException, IOException {
        OnnxFile file = new OnnxFile(content(path, limitBytes));
        FileKind.refuseForeign(String.valueOf(path.getFileName()), file.bytes);
        return file;
    }

    /** The same for a file with external data of a model. */
    public static OnnxFile readData(Path path, long limitBytes) throws ModelRefusedException, IOException {
        OnnxFile file = new OnnxFile(content(path, limitBytes));
        FileKind.refuseUnfetched(String.valueOf(path.getFileName()), file.bytes);
        return file;
    }

    private static ByteBuffer content(Path path, long limitBytes) throws ModelRefusedException, IOException {
        if (!Files.isRegularFile(path)) {
            throw new ModelRefusedException(path.getFileName() + " is missing");
        }
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            if (size > limitBytes) {
                throw new ModelRefusedException(
                        path.getFileName() + " must have at most " + limitBytes + " bytes, has " + size);
            }
            ByteBuffer bytes = allocate((int) size);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // A file that has become shorter ends early.
            }
            if (bytes.hasRemaining() || channel.size() != size) {
                throw new ModelRefusedException(path.getFileName() + " changed while it was read: it had " + size
                        + " bytes, then " + channel.size()
                        + "; replace it by renaming a complete file, and restart to read it again");
            }
            return bytes.flip();
        }
    }

    /** @throws ModelRefusedException if there is no such native memory */
    public static ByteBuffer allocate(int size) throws ModelRefusedException {
        try {
            return ByteBuffer.allocateDirect(size);
        } catch (OutOfMemoryError full) {
            throw new ModelRefusedException(
                    "its " + size
                            + " bytes do not fit into the memory outside the heap; give the process more memory, or raise -XX:MaxDirectMemorySize",
                    full);
        }
    }

    /** The model as the bytes of a file. */
    public static ByteBuffer serialize(ModelProto model) throws ModelRefusedException {
        ByteBuffer bytes = allocate(model.getSerializedSize());
        try {
            CodedOutputStream output = CodedOutputStream.newInstance(bytes);
            model.writeTo(output);
            output.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to an in-memory buffer", e);
        }
        return bytes.rewind();
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
            throw new ModelRefusedException(
                    "model.onnx is not an ONNX file, or is incomplete; copy it again, or export the model to ONNX: "
                            + e.getMessage(),
                    e);
        }
    }
}
