#version 3.7;
// A ripe tomato with its calyx. Own work of this project, Apache-2.0.
#include "studio.inc"
#include "surface.inc"
Studio_camera(0.70, 5.8, 44, 33)

#declare Radius = 1.0;
#declare Half_height = 0.79;
#declare Roundness = 2 / 2.3;   // 1 would be an ellipsoid; a little less makes square shoulders
#declare Dimple_depth = 0.24;

// Near the stalk the surface sinks; five faint ribs run from there and fade downwards.
#declare Ribs = function(u, a) { 1 + (0.020 * cos(5 * a + 0.7) + 0.010 * cos(3 * a)) * max(0, 1 - 1.3 * u) * min(1, 6 * u) + 0.012 * cos(2 * a) }
#declare Outline_r = function(u) { Radius * pow(max(0, sin(pi * u)), Roundness) }
#declare Outline_y = function(u) { Half_height * select(cos(pi * u), -1, 1) * pow(abs(cos(pi * u)), Roundness) }
#declare Surface_r = function(u, a) { Outline_r(u) * Ribs(u, a) }
#declare Surface_y = function(u, a) { Outline_y(u) - select(u - 0.5, 1, 0) * Dimple_depth * exp(-8 * pow(Outline_r(u), 2)) }
// The same as a height above the distance r from the axis, for the calyx.
#declare Height_at = function(r) { Half_height * pow(max(0.0001, 1 - pow(r / Radius, 2 / Roundness)), Roundness / 2) - Dimple_depth * exp(-8 * r * r) }

#declare Fruit = object {
  Surface_mesh(90, 120)
  texture {
    pigment {
      // Paler and more orange around the stalk.
      spherical
      color_map {
        [0.00 rgb <0.58, 0.022, 0.006>]
        [0.40 rgb <0.62, 0.034, 0.008>]
        [0.75 rgb <0.64, 0.085, 0.012>]
        [1.00 rgb <0.52, 0.17, 0.022>]
      }
      scale 1.05 translate 0.72 * y
      warp { turbulence 0.12 octaves 3 }
    }
    normal { bumps 0.006 scale 0.06 }
    finish { ambient 0 diffuse 0.82 specular 0.10 roughness 0.02 reflection { 0.035, 0.45 fresnel on } conserve_energy }
  }
  interior { ior 1.42 }
}

// A sepal: a pointed blade that lies on the shoulder and lifts its tip. Lengths in fruit radii, angle in degrees.
#macro Sepal(Angle, Length, Width, Lift, Twist)
  #local Along = 24;
  #local Across = 6;
  #macro Blade(U, V)
    <0.03 + Length * U - 0.12 * Length * Lift * pow(U, 3),
     Height_at(0.03 + Length * U) + 0.03 + Lift * Length * (0.08 * U + 0.55 * pow(U, 3)) + 0.05 * V * V * (1 - U) + 0.1 * Twist * V * U,
     Width * V * (0.32 + 1.5 * U) * pow(1 - U, 0.8) + 0.13 * Twist * U * U>
  #end
  mesh {
    #for (I, 0, Along - 1)
      #for (J, -Across, Across - 1)
        #local U = I / Along;
        #local V = J / Across;
        #local A = Blade(U, V);
        #local B = Blade(U + 1 / Along, V);
        #local C = Blade(U + 1 / Along, V + 1 / Across);
        #local D = Blade(U, V + 1 / Across);
        triangle { A, B, C }
        #if (vlength(C - D) > 1e-6 & vlength(A - D) > 1e-6) triangle { A, C, D } #end
      #end
    #end
    rotate Angle * y
  }
#end

#declare Calyx = union {
  Sepal(12, 0.66, 0.17, 0.55, 0.5)
  Sepal(80, 0.60, 0.16, 0.30, -0.6)
  Sepal(150, 0.68, 0.16, 0.45, 0.4)
  Sepal(226, 0.62, 0.17, 0.70, -0.4)
  Sepal(300, 0.66, 0.16, 0.20, 0.8)
  sphere_sweep { cubic_spline 6
    <0, 0.36, 0>, 0.08  <0, 0.50, 0>, 0.08  <0.01, 0.62, 0>, 0.058  <0.03, 0.74, 0.02>, 0.055
    <0.07, 0.86, 0.05>, 0.068  <0.11, 0.95, 0.07>, 0.068 }
  texture {
    pigment { bozo color_map { [0 rgb <0.10, 0.22, 0.03>] [1 rgb <0.17, 0.33, 0.055>] } scale 0.12 }
    normal { wrinkles 0.25 scale 0.05 }
    finish { ambient 0 diffuse 0.85 specular 0.10 roughness 0.08 }
  }
}

union {
  object { Fruit }
  object { Calyx }
  rotate <4, 25, -6>
  translate (Half_height - 0.012) * y
}
