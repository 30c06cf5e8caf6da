/** The whole service under test, with a real broker and a real Redis. */
@org.jspecify.annotations.NullMarked
package dev.penstock.service;
