// Package segment measures what the patches of a frozen encoder know of the pixels under them, by
// semantic segmentation: with labels, by a head that is trained on the patches ([TrainHead]) or by
// the nearest patches of labelled images ([Neighbours]); and without, by clusters of patches
// ([Clusters]) and by the attention of a ViT ([AttentionMasks]).
//
//	frozen := segment.Of(run)
//	head, err := segment.TrainHead(segment.Training{Frozen: frozen, Data: data.Shapes{}})
//	fmt.Println(head) // mean IoU 61.2 % [59.8, 62.5], pixel accuracy ...
//	near, err := segment.Neighbours{}.Evaluate(frozen, data.Shapes{})
//
// The images come from a [data.Source] whose sets are [data.Masks].
package segment
