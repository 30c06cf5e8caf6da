package dev.penstock.worker.intake.rules;

import dev.penstock.worker.accepted.OpenWork;
import java.time.Duration;

/**
 * The limits of one model's intake.
 *
 * @param maxOpen accepted and not yet settled
 * @param commitInterval the time between two commits
 * @param drainTimeout the longest time to wait for open requests, before stopping or before a suspect runs alone
 * @param idlePoll the longest poll while no request is open; it holds up a stop
 */
public record IntakeBounds(
        OpenWork.Amount maxOpen, Duration commitInterval, Duration drainTimeout, Duration idlePoll) {}
