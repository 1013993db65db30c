package metric_test

import (
	"fmt"

	"sslkit/kit/metric"
)

// Two images, of which the second holds an object that is not found.
func ExampleMatchDetections() {
	ball := metric.Box{X: 10, Y: 10, Width: 20, Height: 20}
	images := []metric.DetectionImage{
		{
			Objects:    []metric.Object{{Class: 0, Box: ball}},
			Detections: []metric.Detection{{Class: 0, Score: .9, Box: metric.Box{X: 11, Y: 10, Width: 20, Height: 20}}},
		},
		{Objects: []metric.Object{{Class: 0, Box: ball}}},
	}
	matches, err := metric.MatchDetections(images, 1, metric.ByBox)
	if err != nil {
		fmt.Println(err)
		return
	}
	summary, err := matches.Summary(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("AP50 %.3f, AP75 %.3f, average recall %.2f\n", summary.AP50, summary.AP75, summary.AR100)
	// Output: AP50 0.505, AP75 0.505, average recall 0.45
}
