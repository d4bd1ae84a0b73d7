namespace Bft.Engine.HotStuff;

/// <summary>What proves a commit to someone without a replica: the header path from the block's child to the end of a three-chain and its certificate.</summary>
public static class HotStuffCommit
{
    /// <summary>
    /// True when the path links to the block by parent digests, ends with the certified header, and holds three headers of consecutive views
    /// (the block itself may be the first) of which the last is certified: the first of them is committed and so is all below.
    /// </summary>
    public static bool IsCommitted(BlockHeader header, CommitProof proof, IClaims claims)
    {
        Chain chain = claims.Chain;
        if (proof.Certificate is not { Statement.Kind: StatementKind.Vote } certificate || proof.Path.Length < 2 || proof.Path.Length > chain.Limits.MaxProofHeaders)
        {
            return false;
        }

        BlockHeader previous = header;
        foreach (BlockHeader next in proof.Path)
        {
            if (next.Parent != previous.DigestOn(chain) || next.Height != previous.Height.Next() || next.View <= previous.View || next.Epoch != header.Epoch)
            {
                return false;
            }

            previous = next;
        }

        BlockHeader b2 = proof.Path[^1];
        BlockHeader b1 = proof.Path[^2];
        BlockHeader b = proof.Path.Length > 2 ? proof.Path[^3] : header;
        return HotStuffRules.Paper.Commits(b.View, b1.View, b2.View) &&
            certificate.View == b2.View &&
            certificate.Statement.Slot == b2.Height &&
            certificate.Statement.Subject == b2.DigestOn(chain) &&
            claims.IsCertificate(certificate);
    }
}
