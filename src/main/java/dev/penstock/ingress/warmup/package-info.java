/** The warm-up of an ingress: it calls itself over HTTP, and answers its own requests in place of a worker. docs/adr/0046 has the reasons. */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.warmup;
