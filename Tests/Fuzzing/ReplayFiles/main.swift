import Foundation
import HostileFiles
