using Bft.Engine;

namespace Bft.Testnet.Homes;

/// <summary>What one validator process is started with: everything read and checked against each other, nothing opened yet.</summary>
/// <param name="Home">Where its things lie.</param>
/// <param name="Config">What is local.</param>
/// <param name="Genesis">What the validators agreed on.</param>
public sealed record NodeSettings(HomeLayout Home, NodeConfig Config, Genesis Genesis)
{
    /// <summary>This validator's entry in genesis.</summary>
    public GenesisValidator Self => Genesis.Validators[Config.Validator];

    /// <summary>Reads the configuration of a home and its genesis.</summary>
    /// <param name="home">The home.</param>
    /// <param name="genesisFile">The genesis document; null for the one the configuration names.</param>
    /// <exception cref="HomeException">Something is missing or wrong, or genesis is not that of the home.</exception>
    public static NodeSettings Read(string home, string? genesisFile = null)
    {
        HomeLayout layout = HomeLayout.At(home);
        if (!Directory.Exists(layout.Root))
        {
            throw new HomeException("there is no such directory", layout.Root, "check --home; \"bft up\" and \"bft init\" make homes");
        }

        NodeConfig config = NodeConfig.Read(layout);
        string genesisPath = genesisFile is null ? layout.Resolve(config.Genesis) : Path.GetFullPath(genesisFile);
        Genesis genesis = GenesisFile.Read(genesisPath);
        if (genesis.ChainId != config.ChainId)
        {
            throw new HomeException(
                $"genesis is of chain {genesis.ChainId}, this home belongs to chain {config.ChainId}", genesisPath, "put back the genesis document this home was made with, or use the home of the other chain");
        }

        if (config.Validator >= genesis.Validators.Length)
        {
            throw new HomeException($"validator {config.Validator} is not among the {genesis.Validators.Length} of genesis", layout.Config, "correct the field \"validator\"");
        }

        return new NodeSettings(layout, config, genesis);
    }
}
