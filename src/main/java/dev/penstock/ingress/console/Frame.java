package dev.penstock.ingress.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.tenants.Tenant;
import java.util.Map;

/**
 * What the page shows of one second, as JSON. Immutable.
 *
 * @param service the parts that all models share; for viewers who may use every model
 * @param models by name
 */
record Frame(ObjectNode service, Map<String, ObjectNode> models) {
    /** What this viewer may see. */
    String json(Tenant viewer) {
        ObjectNode frame = JsonNodeFactory.instance.objectNode();
        if (viewer.models().isEmpty()) {
            frame.set("service", service);
        }
        ArrayNode visible = frame.putArray("models");
        models.forEach((name, model) -> {
            if (viewer.mayUse(name)) {
                visible.add(model);
            }
        });
        return frame.toString();
    }

    /** What the page shows while the ingress starts. */
    static String starting(String waitsFor) {
        return JsonNodeFactory.instance.objectNode().put("waits_for", waitsFor).toString();
    }
}
