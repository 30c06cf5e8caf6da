package dev.penstock.model.graph;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.penstock.model.ModelRefusedException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Recognizes files that stand in a model's place and are something else, such as the page that a download got instead. */
final class FileKind {
    private static final int LOOKED_AT = 1024;
    private static final String UTF_8_MARK = "\u00ef\u00bb\u00bf";
    private static final Pattern LFS_SIZE = Pattern.compile("\nsize (\\d{1,18})\n");

    private FileKind() {}

    /** @throws ModelRefusedException if the file is empty, or its first bytes are those of another kind of file, with the cure */
    static void refuseForeign(String name, ByteBuffer file) throws ModelRefusedException {
        refuseUnfetched(name, file);
        String start = start(file);
        if (start.startsWith("PK\u0003\u0004")) {
            throw refused(
                    name,
                    "a ZIP archive, as PyTorch's .pt files and downloads are",
                    "unpack it, or export the model to ONNX");
        }
        if (start.startsWith("\u001f\u008b")) {
            throw refused(name, "a file compressed with gzip", "unpack it with gunzip");
        }
        if (start.startsWith("\u0089HDF")) {
            throw refused(name, "an HDF5 file, as Keras writes them", "convert it with tf2onnx");
        }
        if (start.startsWith("GGUF")) {
            throw refused(name, "a GGUF file of llama.cpp", "export the model to ONNX");
        }
        if (start.startsWith("\u0080") && start.length() > 1 && start.charAt(1) >= 2 && start.charAt(1) <= 5) {
            throw refused(name, "a Python pickle", "export the model to ONNX, for scikit-learn with skl2onnx");
        }
        if (start.startsWith("ORTM", 4)) {
            throw refused(name, "a model in the ORT format", "serve the ONNX file that it was converted from");
        }
        if (start.startsWith("TFL3", 4)) {
            throw refused(name, "a TensorFlow Lite model", "convert it with tf2onnx");
        }
    }

    /** The same for a file with external data, whose first bytes may be anything: what was never fetched. */
    static void refuseUnfetched(String name, ByteBuffer file) throws ModelRefusedException {
        if (!file.hasRemaining()) {
            throw new ModelRefusedException(name + " is empty: it has 0 bytes; copy it again");
        }
        String start = start(file);
        if (start.startsWith("version https://git-lfs.github.com/spec/")) {
            Matcher size = LFS_SIZE.matcher(start);
            throw refused(
                    name,
                    "a Git LFS pointer" + (size.find() ? " to a file of " + size.group(1) + " bytes" : ""),
                    "run 'git lfs pull' in its repository, and copy the file again");
        }
        String text = (start.startsWith(UTF_8_MARK) ? start.substring(UTF_8_MARK.length()) : start)
                .stripLeading()
                .toLowerCase(Locale.ROOT);
        if (text.startsWith("<!doctype html") || text.startsWith("<html") || text.startsWith("<head")) {
            throw refused(
                    name,
                    "an HTML page",
                    "download the file itself: its address may need a login, or 'raw' (GitHub) or 'resolve' (Hugging Face) in its path");
        }
    }

    private static String start(ByteBuffer file) {
        byte[] bytes = new byte[Math.min(LOOKED_AT, file.remaining())];
        file.get(file.position(), bytes);
        return new String(bytes, ISO_8859_1);
    }

    private static ModelRefusedException refused(String name, String kind, String cure) {
        return new ModelRefusedException(name + " is not an ONNX file but " + kind + "; " + cure);
    }
}
