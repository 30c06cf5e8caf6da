/**
 * The manifests in {@code kubernetes/}, as {@code kubectl kustomize} renders them: their types, a policy as of kube-score and polaris, and what
 * they must have in common with the service.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.kubernetes;
