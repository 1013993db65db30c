// Package detect finds objects in images: it trains detectors, finds with them, and measures them.
//
//	detector, err := detect.Train("runs/detector", detect.Detection{
//		Data: data.Scenes{}, Images: 500, Encoder: run.Recipe.Encoder, Start: run.WeightsFile(),
//	})
//	result, err := detector.Evaluate(data.Test)
//	fmt.Println(result) // mAP 31.2 % [29.8, 32.5], ...
//
// The images come from a [data.Source] whose sets are [data.Objects]. The network is that of package
// fcos.
package detect
