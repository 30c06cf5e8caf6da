package dev.penstock.tenants;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Authenticates callers by API key. */
public final class ApiKeyAuthenticator implements Authenticator {
    private final TenantsFile file;

    public ApiKeyAuthenticator(TenantsFile file) {
        this.file = file;
    }

    @Override
    public CompletionStage<Authentication> authenticate(String key) {
        return CompletableFuture.completedFuture(file.tenants()
                .withKey(key)
                .<Authentication>map(Authentication.Succeeded::new)
                .orElse(new Authentication.InvalidCredential("the API key is unknown")));
    }

    @Override
    public void close() {
        file.close();
    }
}
