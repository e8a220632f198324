#version 3.7;
// A green apple of the kind Granny Smith. Own work of this project, Apache-2.0.
#include "studio.inc"
#include "surface.inc"
Studio_camera(0.84, 5.2, 36, 34)

// Widest above the middle; a deep dimple with the stalk, a shallow one below.
#declare Body_r = function(u) { 0.98 * pow(max(0, sin(pi * u)), 0.90) * (1 + 0.09 * cos(pi * u)) }
#declare Surface_r = function(u, a) { Body_r(u) * (1 + 0.016 * cos(5 * a + 0.4) * u + 0.012 * cos(2 * a + 1)) }
#declare Surface_y = function(u, a) {
  0.90 * select(cos(pi * u), -1, 1) * pow(abs(cos(pi * u)), 0.86)
  - select(u - 0.5, 0.42 * exp(-9 * pow(Body_r(u), 2)), -0.20 * exp(-10 * pow(Body_r(u), 2))) }

#declare Skin = texture {
  pigment {
    // Green, a breath of yellow on the sunny side, and the pale dots of this kind.
    bozo
    pigment_map {
      [0.25 crackle color_map { [0.000 rgb <0.55, 0.62, 0.28>] [0.018 rgb <0.50, 0.58, 0.22>] [0.03 rgb <0.17, 0.36, 0.022>] [1 rgb <0.15, 0.34, 0.020>] } form <1, 0, 0> scale 0.16]
      [0.75 crackle color_map { [0.000 rgb <0.60, 0.66, 0.30>] [0.018 rgb <0.52, 0.60, 0.22>] [0.03 rgb <0.25, 0.43, 0.028>] [1 rgb <0.23, 0.41, 0.025>] } form <1, 0, 0> scale 0.16]
    }
    scale 0.9
  }
  normal { bumps 0.01 scale 0.06 }
  finish { ambient 0 diffuse 0.80 specular 0.10 roughness 0.02 reflection { 0.03, 0.40 fresnel on } conserve_energy }
}

union {
  object { Surface_mesh(110, 120) texture { Skin } interior { ior 1.42 } }
  sphere_sweep { cubic_spline 6
    <0, 0.30, 0>, 0.040  <0, 0.42, 0>, 0.038  <0.02, 0.62, 0.01>, 0.033  <0.06, 0.80, 0.03>, 0.034
    <0.13, 0.95, 0.05>, 0.050  <0.18, 1.05, 0.06>, 0.05
    pigment { color rgb <0.16, 0.10, 0.045> } normal { wrinkles 0.4 scale 0.04 } finish { ambient 0 diffuse 0.8 } }
  rotate <6, 40, -8>
  translate 0.885 * y
}
