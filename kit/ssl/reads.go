package ssl

// Reads is what a method reads for every image of the data, the one image alone where both numbers
// are 0.
type Reads struct {
	Frames    int  // Of a clip that begins with the image, for a method that ReadsClips, or a term of a Sum that does.
	Instances int  // Images of the object that the image shows, for one that ReadsInstances.
	Captions  bool // A caption of the image, for one that ReadsCaptions.
	Objects   bool // The objects of the image, for one that ReadsObjects.
	// Sources tell for each view of Method.Views which of the frames or instances it is made from.
	Sources []int
}

// ReadsOf tells what a method reads for images of height × width pixels. The terms of a Sum share
// what they read: the longest clip, the most instances.
func ReadsOf(m Method, height, width int) Reads {
	var reads Reads
	_, reads.Captions = Find[ReadsCaptions](m)
	_, reads.Objects = Find[ReadsObjects](m)
	for term := range Each[Method](m) {
		images := 1 // That its views are made from, in turn.
		if clips, ok := term.(ReadsClips); ok {
			images = clips.Frames()
			reads.Frames = max(reads.Frames, images)
		}
		if instances, ok := term.(ReadsInstances); ok {
			images = max(images, instances.Instances())
			reads.Instances = max(reads.Instances, instances.Instances())
		}
		for v := range term.Views(height, width) {
			reads.Sources = append(reads.Sources, v%images)
		}
	}
	return reads
}
