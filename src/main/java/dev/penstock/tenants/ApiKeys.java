package dev.penstock.tenants;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Authenticates callers by API key. */
public final class ApiKeys implements Identity {
    private final TenantsFile file;

    public ApiKeys(TenantsFile file) {
        this.file = file;
    }

    @Override
    public CompletionStage<Caller> of(String key) {
        return CompletableFuture.completedFuture(file.tenants()
                .withKey(key)
                .<Caller>map(Caller.Known::new)
                .orElse(new Caller.Unknown("the API key is unknown")));
    }

    @Override
    public void close() {
        file.close();
    }
}
