"""The messages of ipamer.v1, all in one place: generated from the contract, whose comments say what they mean."""

from ipamer.v1.errors_pb2 import *
from ipamer.v1.ipamer_service_pb2 import *
from ipamer.v1.resources_pb2 import *
