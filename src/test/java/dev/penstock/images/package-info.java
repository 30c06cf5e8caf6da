/** The images and docker-compose.yml. No container engine runs in these tests; ComposeIT starts the same commands as processes. */
@org.jspecify.annotations.NullMarked
package dev.penstock.images;
