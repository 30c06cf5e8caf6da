/** Workers on a virtual clock: the production rules, driven by a seed. Plans capacity, compares policies, replays failing tests. */
@org.jspecify.annotations.NullMarked
package dev.penstock.simulation;
