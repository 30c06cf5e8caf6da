/** How the service is put together and deployed, under test. */
@org.jspecify.annotations.NullMarked
package dev.penstock.app;
