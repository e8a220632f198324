#version 3.7;
// A lemon lying on its side. Own work of this project, Apache-2.0.
#include "studio.inc"
#include "surface.inc"
Studio_camera(0.70, 4.4, 36, 34)

// An ellipsoid, drawn out to a blunt neck at the stalk (u = 0) and to the lemon's nipple at the other end.
#declare Surface_r = function(u, a) { 0.80 * pow(max(0, sin(pi * u)), 0.92) * (1 + 0.02 * cos(3 * a + 1) + 0.015 * cos(7 * a + 4 * u)) }
#declare Surface_y = function(u, a) { 1.00 * cos(pi * u) + select(u - 0.5, 0.10, -0.24) * exp(-14 * pow(sin(pi * u), 2)) }

#declare Peel = texture {
  pigment {
    gradient y
    color_map {
      [0.00 rgb <0.60, 0.45, 0.02>]
      [0.12 rgb <0.80, 0.58, 0.010>]
      [0.85 rgb <0.82, 0.60, 0.010>]
      [1.00 rgb <0.55, 0.48, 0.03>]
    }
    translate -0.5 * y scale 2.5
    warp { turbulence 0.08 octaves 3 }
  }
  // Oil glands: many small dents over a few larger ones.
  normal { average normal_map { [1 bumps -0.22 scale 0.020] [0.5 bumps 0.12 scale 0.15] } }
  finish { ambient 0 diffuse 0.80 specular 0.12 roughness 0.04 reflection { 0.02, 0.25 fresnel on } conserve_energy }
}

union {
  object { Surface_mesh(110, 120) texture { Peel } interior { ior 1.42 } }
  cylinder { <0, 1.06, 0>, <0, 1.115, 0>, 0.075 pigment { color rgb <0.22, 0.20, 0.07> } normal { wrinkles 0.6 scale 0.03 } finish { ambient 0 diffuse 0.8 } }
  rotate <0, 20, 0>
  rotate <0, 0, 82>
  rotate <0, 28, 0>
  translate 0.80 * y
}
