package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.penstock.model.ModelRefusedException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Tensors of a model whose values are in other files. The values are put into the model, so that ONNX Runtime opens no file: a location
 * in a model could name any file of the host (CVE-2024-27318, CVE-2025-51480).
 */
public final class ExternalData {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    private final SortedMap<String, OnnxFile> files;
    private final Set<String> verified = new HashSet<>();
    private long leftBytes;

    private ExternalData(SortedMap<String, OnnxFile> files, long limitBytes) {
        this.files = files;
        this.leftBytes = limitBytes;
    }

    /**
     * The names of the files that hold external data of the model.
     *
     * @throws ModelRefusedException if a location is not a plain name
     */
    public static SortedSet<String> files(ModelProto model) throws ModelRefusedException {
        SortedSet<String> names = new TreeSet<>();
        collect(model, names);
        return Collections.unmodifiableSortedSet(names);
    }

    /**
     * The model with all its values in itself.
     *
     * @param files by name
     * @param limitBytes the most bytes that the model may have
     * @throws ModelRefusedException if a file is too short, differs from its checksum, or the model becomes too large
     */
    public static ModelProto inline(ModelProto model, SortedMap<String, OnnxFile> files, long limitBytes)
            throws ModelRefusedException {
        ModelProto.Builder whole = model.toBuilder();
        new ExternalData(files, limitBytes - model.getSerializedSize()).inline(whole);
        return whole.build();
    }

    private static void collect(Message message, Set<String> names) throws ModelRefusedException {
        if (message instanceof TensorProto tensor) {
            if (isExternal(tensor)) {
                names.add(location(tensor));
            }
            return;
        }
        for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            if (field.getKey().getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                if (field.getKey().isRepeated()) {
                    for (Object element : (Iterable<?>) field.getValue()) {
                        collect((Message) element, names);
                    }
                } else {
                    collect((Message) field.getValue(), names);
                }
            }
        }
    }

    private void inline(Message.Builder message) throws ModelRefusedException {
        if (message instanceof TensorProto.Builder tensor) {
            if (isExternal(tensor.buildPartial())) {
                inline(tensor);
            }
            return;
        }
        for (FieldDescriptor field : message.getAllFields().keySet()) {
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                if (field.isRepeated()) {
                    for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
                        inline(message.getRepeatedFieldBuilder(field, i));
                    }
                } else {
                    inline(message.getFieldBuilder(field));
                }
            }
        }
    }

    private void inline(TensorProto.Builder builder) throws ModelRefusedException {
        TensorProto tensor = builder.buildPartial();
        String location = location(tensor);
        OnnxFile file = files.get(location);
        if (file == null) {
            throw refused(tensor, "has its data in " + location + ", which is missing");
        }
        ByteBuffer bytes = file.bytes();
        verify(tensor, location, bytes);
        long offset = number(tensor, "offset").orElse(0);
        long length = number(tensor, "length").orElse(Math.max(0, bytes.limit() - offset));
        if (offset > bytes.limit() || length > bytes.limit() - offset) {
            throw refused(
                    tensor,
                    "needs " + length + " bytes at " + offset + " of " + location + ", which has " + bytes.limit()
                            + " bytes; copy it again together with model.onnx");
        }
        leftBytes -= length;
        if (leftBytes < 0) {
            throw new ModelRefusedException("model.onnx and its external data are too large together: ONNX Runtime for"
                    + " Java takes models of at most " + OnnxFile.MAX_BYTES
                    + " bytes; store the weights as FP16, or quantize the model");
        }
        builder.clearExternalData()
                .clearDataLocation()
                .setRawData(UnsafeByteOperations.unsafeWrap(bytes.slice((int) offset, (int) length)));
    }

    private void verify(TensorProto tensor, String location, ByteBuffer bytes) throws ModelRefusedException {
        String expected = entry(tensor, "checksum").toLowerCase(Locale.ROOT);
        if (expected.isEmpty() || !verified.add(location + " " + expected)) {
            return;
        }
        String actual = sha1(bytes);
        if (!expected.equals(actual)) {
            throw refused(tensor, "expects " + location + " with the SHA-1 " + expected + ", was " + actual);
        }
    }

    /** The name of the file. Anything but a name could lead out of the version's folder. */
    private static String location(TensorProto tensor) throws ModelRefusedException {
        String location = entry(tensor, "location");
        boolean isPlain = !location.isEmpty()
                && !location.equals(".")
                && !location.equals("..")
                && location.chars().noneMatch(c -> c == '/' || c == '\\' || c < ' ');
        if (!isPlain) {
            throw refused(
                    tensor,
                    "must have its external data in a file beside model.onnx, was '" + location
                            + "'; save the model again, with location='model.onnx.data'");
        }
        return location;
    }

    private static OptionalLong number(TensorProto tensor, String key) throws ModelRefusedException {
        String text = entry(tensor, key);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!NUMBER.matcher(text).matches()) {
            throw refused(tensor, "must have a number as the " + key + " of its external data, was '" + text + "'");
        }
        return OptionalLong.of(Long.parseLong(text));
    }

    private static boolean isExternal(TensorProto tensor) {
        return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
    }

    private static String entry(TensorProto tensor, String key) {
        return tensor.getExternalDataList().stream()
                .filter(entry -> entry.getKey().equals(key))
                .map(StringStringEntryProto::getValue)
                .findFirst()
                .orElse("");
    }

    private static String sha1(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1"); // the digest that ONNX defines
            digest.update(bytes.duplicate());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform provides SHA-1", e);
        }
    }

    private static ModelRefusedException refused(TensorProto tensor, String rule) {
        return new ModelRefusedException("tensor '" + tensor.getName() + "' " + rule);
    }
}
