package dev.penstock.model.repository;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.ExternalData;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files of a model version, read into memory.
 *
 * @param data the files with its external data, by name
 * @param model the model, with the values of its external data
 */
record ModelFiles(OnnxFile onnx, SortedMap<String, OnnxFile> data, ModelProto model) {
    static final String MODEL = "model.onnx";

    /**
     * @param file the path of model.onnx. External data is taken from the same folder alone
     * @param limitBytes the most bytes of all files together
     */
    static ModelFiles read(Path file, long limitBytes) throws ModelRefusedException, IOException {
        OnnxFile onnx = OnnxFile.read(file, limitBytes);
        ModelProto model = onnx.parse();
        SortedMap<String, OnnxFile> data = new TreeMap<>();
        long left = limitBytes - onnx.bytes().limit();
        for (String name : ExternalData.files(model)) {
            Path beside = file.resolveSibling(name);
            refuseLinkOut(beside);
            OnnxFile values = OnnxFile.readData(beside, left);
            left -= values.bytes().limit();
            data.put(name, values);
        }
        if (!data.isEmpty()) {
            model = ExternalData.inline(model, data, OnnxFile.MAX_BYTES);
        }
        return new ModelFiles(onnx, Collections.unmodifiableSortedMap(data), model);
    }

    private static void refuseLinkOut(Path file) throws ModelRefusedException, IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.exists(file) && folder != null && !file.toRealPath().startsWith(folder.toRealPath())) {
            throw new ModelRefusedException(
                    file.getFileName() + " must not link to a file outside its version's folder");
        }
    }

    /** The SHA-256 of each file by its name, in lower-case hex. */
    SortedMap<String, String> hashes() {
        SortedMap<String, String> hashes = new TreeMap<>();
        hashes.put(MODEL, onnx.sha256());
        data.forEach((name, file) -> hashes.put(name, file.sha256()));
        return hashes;
    }

    /** One hash of all files: that of model.onnx if it is alone. */
    static String fingerprint(SortedMap<String, String> hashes) {
        return hashes.size() == 1
                ? hashes.firstEntry().getValue()
                : Sha256.hex(hashes.toString().getBytes(UTF_8));
    }
}
