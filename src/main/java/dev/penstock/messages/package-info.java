/**
 * The messages on topics, and the names of the topics: replies and outcomes, announcements, commit notes, record headers, request ids.
 * Ingress and worker communicate only through these.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.messages;
