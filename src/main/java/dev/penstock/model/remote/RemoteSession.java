package dev.penstock.model.remote;

import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Signature;

/** A model that a centre runs. Thread-safe; slots are not. */
public final class RemoteSession implements Session {
    private final CentreClient centre;
    private final Signature signature;
    private final String model;
    private final int inFlight;
    private final int maxAnswerBytes;

    /**
     * @param centre closed with this session
     * @param model its name at the centre
     */
    public RemoteSession(CentreClient centre, Signature signature, String model, int inFlight, int maxAnswerBytes) {
        this.centre = centre;
        this.signature = signature;
        this.model = model;
        this.inFlight = inFlight;
        this.maxAnswerBytes = maxAnswerBytes;
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public String executionProvider() {
        return "centre";
    }

    @Override
    public int concurrentRuns() {
        return inFlight;
    }

    @Override
    public Slot openSlot() {
        return new RemoteSlot(centre, signature, model, maxAnswerBytes);
    }

    @Override
    public void close() {
        centre.close();
    }
}
