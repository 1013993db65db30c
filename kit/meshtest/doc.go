// Package meshtest trains on several devices: those that a CPU is shown as. Their number is fixed
// once a process, so that these tests are a package of their own.
package meshtest
