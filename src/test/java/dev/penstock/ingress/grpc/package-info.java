@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.grpc;
