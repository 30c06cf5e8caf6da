package dev.penstock.protocol.codec;

/** The members that JSON objects of the protocol may have; anything of one's own goes into {@code parameters}. */
enum Member {
    NAME("name"),
    SHAPE("shape"),
    DATATYPE("datatype"),
    DATA("data"),
    PARAMETERS("parameters"),
    ID("id"),
    INPUTS("inputs"),
    OUTPUTS("outputs"),
    MODEL_NAME("model_name"),
    MODEL_VERSION("model_version");

    final String word;

    Member(String word) {
        this.word = word;
    }
}
