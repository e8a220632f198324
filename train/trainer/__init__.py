"""Trains classifiers: MobileNetV2, from an int8 ImageNet backbone to an int8 TensorFlow Lite file.

The steps, in the order data meets them: ``sources`` (where dataset and backbone come from), ``dataset`` (lists, checks,
decoding), ``backbone`` (weights), ``network`` (MobileNetV2), ``augmentation``, ``schedule``, ``training`` (the loop),
``averaging`` (several runs into one), ``quantization`` (simulated int8), ``calibration`` (the temperature of the answers),
``export`` (the .tflite), ``evaluation``, ``report``.

A folder of anyone's photos goes another way through the same network: ``photo_folder``, ``duplicates``, ``splits``, ``own`` (the
steps), ``unsure`` (the threshold of "I don't know"), ``own_card``, ``function``.
"""
