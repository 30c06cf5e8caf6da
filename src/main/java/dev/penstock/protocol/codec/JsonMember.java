package dev.penstock.protocol.codec;

/** The members of JSON objects in the protocol. Extensions go into {@code parameters}. */
enum JsonMember {
    NAME("name"),
    SHAPE("shape"),
    DATATYPE("datatype"),
    DATA("data"),
    PARAMETERS("parameters"),
    ID("id"),
    INPUTS("inputs"),
    OUTPUTS("outputs"),
    MODEL_NAME("model_name"),
    MODEL_VERSION("model_version"),
    /** Any other member. */
    OTHER("");

    final String key;

    JsonMember(String key) {
        this.key = key;
    }
}
