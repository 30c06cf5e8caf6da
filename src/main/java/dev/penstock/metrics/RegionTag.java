package dev.penstock.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Labels all meters of this process with its region, if it has one. */
@Singleton
public final class RegionTag implements MeterFilter {
    private final Optional<Tag> tag;

    RegionTag(@ConfigProperty(name = "penstock.region") Optional<String> region) {
        this.tag = region.map(name -> Tag.of("region", name));
    }

    @Override
    public Meter.Id map(Meter.Id id) {
        return tag.map(id::withTag).orElse(id);
    }
}
