/** The forms of bodies that a client asks for or sends: how errors are written, and how bodies are compressed. */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.negotiation;
