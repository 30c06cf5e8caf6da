/**
 * The console: one page that shows the service at work. {@link dev.penstock.ingress.console.ConsoleRoutes} serves the page and its stream
 * of events, {@link dev.penstock.ingress.console.Viewers} looks at the meters once a second for all that watch.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.console;
