package question

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/data"
	"sslkit/kit/augment"
)

// Images is where real images come from: the flag -data.
type Images struct {
	Folder string // What it doesn't hold is downloaded; "" holds nothing.
}

// Register adds the flag to the command line.
func (i *Images) Register() {
	flag.StringVar(&i.Folder, "data", os.Getenv("SSLKIT_DATA_DIR"), "the `folder` of real images, unless the environment "+
		"variable SSLKIT_DATA_DIR names it: it may hold cifar10-jpeg.tar.gz (or its class folders, in cifar10-jpeg) and "+
		"pneumoniamnist.npz; what isn't there is downloaded")
}

// CIFAR10 is CIFAR-10 with at most train and test images, evenly over the classes; 0 is all of
// them.
func (i Images) CIFAR10(train, test int) (data.Source, error) {
	path, err := i.find("cifar10-jpeg.tar.gz", "cifar10-jpeg")
	if err != nil || path == "" {
		return data.CIFAR10{Train: train, Test: test}, err
	}
	return data.ImageFolder{Path: path, Size: 32, Train: train, Test: test}, nil
}

// Pneumonia is PneumoniaMNIST, enlarged to 32 pixels.
func (i Images) Pneumonia() (data.MedMNIST, error) {
	path, err := i.find("pneumoniamnist.npz")
	return data.MedMNIST{Dataset: "pneumoniamnist", Path: path, Size: 32}, err
}

// find is the path of the first of the names that the folder holds. Where it holds none, the path
// is "", and a line tells that images may be downloaded.
func (i Images) find(names ...string) (string, error) {
	if i.Folder != "" {
		if _, err := os.Stat(i.Folder); err != nil {
			return "", fmt.Errorf("looking for images in the folder of -data or SSLKIT_DATA_DIR: %w", err)
		}
		for _, name := range names {
			path := filepath.Join(i.Folder, name)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
	}
	fmt.Fprintf(os.Stderr, "neither -data nor SSLKIT_DATA_DIR names a folder with %s: where it is needed, it is downloaded\n",
		names[0])
	return "", nil
}

// ShapesView takes away what differs between the images of Shapes but not between their classes,
// colour. Smaller crops would cut the outlines, which are all that the classes differ in.
var ShapesView = augment.Pipeline{
	augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.5, 1}},
	augment.Flip{},
	augment.ColorJitter{Brightness: .8, Contrast: .8, Saturation: .8, Hue: .4, P: .8},
	augment.Grey{P: .2},
	augment.Solarize{P: .3},
	augment.Normalize{},
}
