//go:build !race

package curate

const smaller = 1
