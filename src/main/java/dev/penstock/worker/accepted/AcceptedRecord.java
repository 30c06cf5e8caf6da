package dev.penstock.worker.accepted;

import dev.penstock.messages.CorrelationId;
import dev.penstock.protocol.Term;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A record that this worker has taken off the log and has promised to answer. It must be settled exactly once, as soon as its reply is
 * safe. Until then its offset is not committed, and it counts as open work. A worker that dies before that leaves the record to the next
 * owner of the partition.
 *
 * <p>Opened by an {@link OffsetLedger}. {@link #settle} and {@link #whileOwned} may be called from any thread. All other methods are
 * confined to the thread that holds the record; it is handed over safely from the intake to the loop and from the loop to the producer.
 */
public final class AcceptedRecord {
    private final SourceRecord source;
    private final String modelVersion;
    private final OpenWork openWork;
    private final Lease lease;
    private final AtomicBoolean settled = new AtomicBoolean();
    private Optional<ReplyAddress> replyTo = Optional.empty();
    private int rows;
    private int runs;
    private Effort effort = Effort.NONE;
    private Optional<Term> term = Optional.empty();
    private volatile boolean isAnothers;

    AcceptedRecord(SourceRecord source, String modelVersion, OpenWork openWork, Lease lease) {
        this.source = source;
        this.modelVersion = modelVersion;
        this.openWork = openWork;
        this.lease = lease;
        openWork.add(1, 0, source.bytes());
    }

    public SourceRecord source() {
        return source;
    }

    public CorrelationId correlationId() {
        return source.correlationId();
    }

    /** The open work that it is part of. */
    OpenWork openWork() {
        return openWork;
    }

    /** The version that serves it: the one that it asks for, or the model's default. */
    public String modelVersion() {
        return modelVersion;
    }

    /** Empty when the sender wants no reply. */
    public Optional<ReplyAddress> replyTo() {
        return replyTo;
    }

    /** Sets the reply address; before anybody can answer. */
    public void replyTo(ReplyAddress address) {
        replyTo = Optional.of(address);
    }

    /** Counts its rows as open work; once, when it is decoded. */
    public void countRows(int decodedRows) {
        rows = decodedRows;
        openWork.add(0, decodedRows, 0);
    }

    /** Sets the time from its arrival in the log to its deadline; when it is decoded. */
    public void term(Term known) {
        term = Optional.of(known);
    }

    /** Empty before it is decoded. */
    public Optional<Term> term() {
        return term;
    }

    /** Counts a run of the model that this request was part of. */
    public void countRun() {
        runs++;
    }

    /** Counts runs of workers before this one, each of which ended with its process. */
    public void countEarlierRuns(int more) {
        runs += more;
    }

    /** How often the request is known to have run, with or without success. */
    public int runs() {
        return runs;
    }

    /** Sets the work that the request cost; before it is settled. */
    public void effort(Effort spent) {
        effort = spent;
    }

    public Effort effort() {
        return effort;
    }

    /**
     * Releases the record: its reply is safe, so its offset may be committed.
     *
     * @throws IllegalStateException when it is settled already
     */
    public void settle() {
        if (!settled.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "a record must be settled once, and " + source.place() + " is settled already");
        }
        openWork.add(-1, -rows, -source.bytes());
        source.trace().settled();
    }

    /**
     * Answers on another system's topic, where nobody drops a second reply: only while this worker surely owns the partition. Waits
     * until that is proven again if it is not.
     *
     * @param answer sends the reply
     * @param leave runs instead when the partition has another owner, which answers
     */
    public void whileOwned(long nowNanos, Runnable answer, Runnable leave) {
        lease.await(nowNanos, () -> (isAnothers ? leave : answer).run());
    }

    /** Gives the record to the next owner of its partition, before anything was done for it. */
    public void giveBack() {
        isAnothers = true;
        settle();
    }

    /** Whether its partition has another owner, which answers it. */
    public boolean isAnothers() {
        return isAnothers;
    }

    /** The partition has another owner. */
    void lose() {
        isAnothers = true;
    }

    /** Whether its reply is safe, or another owner answers it. From any thread. */
    public boolean isSettled() {
        return settled.get();
    }

    /** Whether its offset may be committed. */
    boolean isDone() {
        return isSettled() && !isAnothers;
    }
}
