package result

import "testing"

// Images a second are all images over all seconds: the mean of the ratios 100 and 10 would be 55.
func TestMeanCost(t *testing.T) {
	mean := MeanCost([]*Cost{{ImagesSeen: 1000, Seconds: 10, ImagesPerSecond: 100}, {ImagesSeen: 1000, Seconds: 100, ImagesPerSecond: 10}})
	if mean.Seconds != 55 || mean.ImagesPerSecond != 1000./55 {
		t.Errorf("%g seconds, %g images a second; want 55 and %g", mean.Seconds, mean.ImagesPerSecond, 1000./55)
	}
}
